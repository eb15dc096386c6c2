// Templates in three languages, as Graph takes them and as CreateTemplate takes them.
import {prettyJson} from './lib.mjs';

const TEMPLATES = [
  {name: 'prueba_de_manejo', category: 'MARKETING', examples: ['Ana', 'sábado 18'], optOut: true, texts: {
    es: {body: 'Hola {{1}}, este {{2}} podés probar el auto que más te guste en nuestro salón. ' +
               'Respondé AUTO y te ayudamos a elegirlo con cinco preguntas.',
         footer: 'Autos del Sur', yes: 'Quiero elegir', no: 'No recibir más'},
    pt_BR: {body: 'Olá {{1}}, neste {{2}} você pode testar o carro que mais gostar na nossa loja. ' +
                  'Responda AUTO e ajudamos você a escolher com cinco perguntas.',
            footer: 'Autos del Sur', yes: 'Quero escolher', no: 'Não receber mais'},
    en: {body: 'Hi {{1}}, this {{2}} you can test drive the car you like best at our showroom. ' +
               'Answer AUTO and we help you choose it with five questions.',
         footer: 'Autos del Sur', yes: 'Help me choose', no: 'Stop messages'},
  }},
  {name: 'turno_de_taller', category: 'UTILITY', examples: ['Ana', 'martes 14 a las 9:30'], optOut: false, texts: {
    es: {body: 'Hola {{1}}, te recordamos tu turno en el taller: {{2}}. Si no podés venir, avisanos por este chat.',
         footer: 'Autos del Sur, servicio técnico', yes: 'Confirmo', no: 'Cambiar turno'},
    pt_BR: {body: 'Olá {{1}}, lembramos do seu horário na oficina: {{2}}. Se não puder vir, avise por aqui.',
            footer: 'Autos del Sur, serviço técnico', yes: 'Confirmo', no: 'Mudar horário'},
    en: {body: 'Hi {{1}}, a reminder of your appointment at the workshop: {{2}}. If you cannot come, tell us in this chat.',
         footer: 'Autos del Sur, workshop', yes: 'I will be there', no: 'Change it'},
  }},
];

function graph(template, language, text) {
  const refuse = {type: 'QUICK_REPLY', text: text.no};
  if (template.optOut) refuse.opt_out = true;  // ours: not sent to Graph
  return {
    name: template.name, language, category: template.category, parameter_format: 'POSITIONAL',
    components: [
      {type: 'BODY', text: text.body, example: {body_text: [template.examples]}},
      {type: 'FOOTER', text: text.footer},
      {type: 'BUTTONS', buttons: [{type: 'QUICK_REPLY', text: text.yes}, refuse]},
    ],
  };
}

function request(template, language, text) {
  return {
    name: template.name, language, category: `TEMPLATE_CATEGORY_${template.category}`, variable_format: 'VARIABLE_FORMAT_POSITIONAL',
    components: {
      body: text.body, footer: text.footer,
      buttons: [{kind: 'KIND_QUICK_REPLY', label: text.yes}, {kind: 'KIND_QUICK_REPLY', label: text.no, opt_out: template.optOut}],
      examples: Object.fromEntries(template.examples.map((example, i) => [`body.${i + 1}`, example])),
    },
  };
}

export function templates() {
  const files = {};
  for (const template of TEMPLATES) {
    for (const [language, text] of Object.entries(template.texts)) {
      files[`templates/${template.name}.${language}.json`] = prettyJson(graph(template, language, text));
      files[`templates/requests/${template.name}.${language}.json`] = prettyJson(request(template, language, text));
    }
  }
  return files;
}
