#include "services/messaging/domain/help_topics.h"

namespace vinculo::messaging {
namespace {

constexpr HelpText kTexts[] = {
    {"IDENTITY_MISSING",
     {"La fila no tiene teléfono.", "Completá el teléfono (o el BSUID)."},
     {"The row has no phone.", "Fill in the phone (or the BSUID)."}},
    {"PHONE_INVALID",
     {"Ese teléfono no existe o está incompleto.",
      "Escribí el número con + y código de país, por ejemplo +5491122334455."},
     {"That phone does not exist or is incomplete.",
      "Write the number with + and country code, such as +5491122334455."}},
    {"PHONE_SCIENTIFIC",
     {"La planilla redondeó el número (5,49E+12) y se perdieron cifras.",
      "Poné la columna en formato texto y volvé a cargar los números."},
     {"The spreadsheet rounded the number (5.49E+12) and digits are lost.",
      "Format the column as text and enter the numbers again."}},
    {"REGION_MISSING",
     {"El número no dice de qué país es.",
      "Escribilo con + y código de país, o indicá una región para todo el archivo."},
     {"The number does not say of which country it is.",
      "Write the number with + and country code, or give a default region."}},
    {"BAD_ENCODING",
     {"Hay caracteres que no se pueden leer, como acentos o eñes rotos.",
      "Guardá el archivo como UTF-8, o indicá que viene en la codificación de Windows."},
     {"Some characters cannot be read, such as broken accents.", "Save the file as UTF-8, or name its encoding."}},
    {"COLUMN_COUNT",
     {"La fila tiene más o menos celdas que la línea de títulos.",
      "Dale tantas celdas como títulos; los textos con comas van entre comillas."},
     {"The row has more or fewer cells than the title line.",
      "Give the row as many cells as the title line; put text with delimiters in quotes."}},
    {"VALUE_TOO_LONG", {"El valor es demasiado largo.", "Acortalo."}, {"The value is too long.", "Shorten the value."}},
    {"BAD_LANGUAGE",
     {"Ese idioma no se entiende.", "Escribilo como es, es_AR o pt_BR."},
     {"That language is not understood.", "Write the language as es, es_AR or pt_BR."}},
    {"BAD_ZONE",
     {"Esa zona horaria no existe.", "Escribila como America/Argentina/Buenos_Aires."},
     {"That time zone does not exist.", "Write the zone as America/Bogota."}},
    {"BAD_DATE",
     {"Esa fecha no se entiende o está en el futuro.", "Escribila como 2026-05-31 o 2026-05-31T18:00:00Z."},
     {"That date is not understood or lies in the future.",
      "Write the time as 2026-05-31 or 2026-05-31T18:00:00Z, not in the future."}},
    {"CONSENT_INCOMPLETE",
     {"Para guardar un permiso hacen falta su origen, el texto que la persona aceptó y cuándo.",
      "Agregá esas columnas, o indicalos para todo el archivo."},
     {"A consent is kept only with its source, the wording agreed to and when.",
      "A consent needs source, text version and time, in columns or for the whole file."}},
    {"PHONE_NOT_MOBILE",
     {"Parece un teléfono fijo.", "Se importó igual, pero puede que WhatsApp no le llegue: pedile su celular."},
     {"This looks like a landline.",
      "It was imported all the same, but WhatsApp may not reach it: ask for a mobile number."}},
    {"OPT_OUT_KEPT",
     {"La persona se dio de baja por su cuenta, y el archivo no cambia eso.",
      "Solo la persona puede volver a suscribirse, por ejemplo escribiendo ALTA."},
     {"The person opted out, and the file does not change that.",
      "Only the person can opt in again, for example by writing ALTA or START."}},
};

}  // namespace

absl::Span<const HelpText> ImportHelp() { return kTexts; }

}  // namespace vinculo::messaging
