#include "services/messaging/domain/help_topics.h"

namespace vinculo::messaging {
namespace {

constexpr HelpText kTexts[] = {
    {"S_CHANNEL_CONNECTED",
     {"Todavía no conectaste tu cuenta de WhatsApp Business, o no tiene ningún número para enviar.",
      "Conectá la cuenta con su id y su token de acceso, y agregale un número."},
     {"Your WhatsApp Business account is not connected yet, or has no number to send from.",
      "Connect the account with its id and access token, then add a number."}},
    {"S_WEBHOOK_SEEN",
     {"WhatsApp todavía no nos avisó nada de esta cuenta: sin esos avisos no sabés quién recibió, leyó o respondió.",
      "Pedile a quien administra el sistema que configure en Meta la dirección del webhook y su token de "
      "verificación."},
     {"WhatsApp has told us nothing about this account yet: without that you cannot know who received, read or "
      "answered.",
      "Ask whoever runs the system to set the webhook's address and verify token in Meta."}},
    {"S_TEMPLATE_APPROVED",
     {"Ninguna plantilla está aprobada todavía. WhatsApp solo deja empezar una conversación con una plantilla "
      "aprobada.",
      "Escribí una, revisala, enviala a WhatsApp y esperá la respuesta; suele llegar en minutos."},
     {"No template is approved yet. WhatsApp lets you begin a conversation only with an approved template.",
      "Write one, check it, submit it to WhatsApp and wait for the answer; it usually takes minutes."}},
    {"S_CONTACTS_IMPORTED",
     {"Todavía no hay contactos.",
      "Importá un archivo CSV con una columna de teléfono; cada fila con problemas te dice qué corregir."},
     {"There are no contacts yet.", "Import a CSV file with a phone column; every bad row tells you what to mend."}},
    {"S_CONSENT_RECORDED",
     {"Ningún contacto aceptó recibir marketing. Sin ese permiso, una campaña de marketing no le llega a nadie.",
      "Importá el permiso que ya tenés, con su origen, su fecha y el texto que la persona aceptó."},
     {"No contact has agreed to marketing. Without that, a marketing campaign reaches nobody.",
      "Import the consent you have, with its source, its date and the wording that people agreed to."}},
    {"S_TEST_RECEIVED",
     {"Nadie de tu equipo recibió todavía una prueba.",
      "Marcá como tester a alguien del equipo y mandale una prueba: ver el mensaje en el teléfono evita sorpresas."},
     {"Nobody on your team has received a test yet.",
      "Mark somebody on the team as a tester and send a test: seeing it on a phone avoids surprises."}},
    {"S_CAMPAIGN_LAUNCHED",
     {"Todavía no lanzaste ninguna campaña.", "Creá una, revisá a quién le llegaría y lanzala."},
     {"You have not launched a campaign yet.", "Create one, look at whom it would reach, and launch it."}},
};

}  // namespace

absl::Span<const HelpText> SetupHelp() { return kTexts; }

}  // namespace vinculo::messaging
