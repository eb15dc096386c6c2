// What people write in the support sample.
export const TOPICS = {
  acceso: {module: '', issues: ['No puedo entrar, me pide un código que no llega.', 'Se bloqueó mi usuario después de cambiar la clave.',
                                'Necesito dar de alta a dos personas del equipo.']},
  onboarding: {module: 'onboardings', issues: ['El alta de un cliente quedó en "pendiente" desde ayer.', 'La prueba de vida falla con el celular nuevo.',
                                               '¿Cómo corrijo el domicilio de un legajo ya enviado?']},
  casos: {module: 'cases', issues: ['No me deja cerrar un caso, el botón está gris.', 'Un caso aparece asignado a alguien que ya no trabaja acá.',
                                    '¿Se pueden exportar los casos de marzo?']},
  requisitos: {module: 'requirements', issues: ['El requisito de declaración jurada figura vencido y no lo está.',
                                                'Queremos pedir el balance solo a personas jurídicas.', 'El recordatorio salió dos veces.']},
  reportes: {module: '', issues: ['El reporte mensual no coincide con la pantalla.', '¿De dónde sale la columna de riesgo?',
                                  'No se descarga el Excel, queda girando.']},
  facturacion: {module: '', issues: ['La factura tiene el CUIT anterior.', '¿Pueden mandar la factura al correo de administración?']},
  integracion: {module: '', issues: ['La API responde 401 desde esta mañana.', 'El webhook nos llega dos veces, ¿es normal?',
                                     '¿Qué IP tenemos que habilitar?']},
};
export const FIRST_REPLIES = ['¡Hola! Ya lo estoy mirando.', 'Hola, gracias por avisar. ¿Me pasás el número de legajo?',
                              'Hola, lo reviso y te cuento en un momento.', 'Buenas, ¿te pasa también desde otro navegador?'];
export const FOLLOW_UPS = ['Sí, me pasa siempre.', 'Es el 4471.', 'Probé y sigue igual.', 'Ahora mando una captura.', 'Recién me volvió a pasar.'];
export const REPLIES = ['Lo encontré, ya debería verse bien.', 'Lo pasé al equipo técnico y lo corrigieron.',
                        'Actualizá la página y contame.', 'Listo, quedó configurado como pediste.', 'Te dejo el paso a paso de la ayuda.'];
export const THANKS = ['¡Gracias!', 'Perfecto, muchas gracias.', 'Ahí anduvo, gracias.'];
export const NOTES = ['Mismo problema que la semana pasada.', 'Avisar a producto.', 'Cliente en etapa de renovación, cuidar.'];
export const REMARKS = ['', '', 'Muy rápidos', 'Excelente atención', 'Me resolvieron todo'];
