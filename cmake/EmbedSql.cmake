# vinculo_embed_sql(TARGET NAMESPACE FILES ...): compiles numbered .sql files into TARGET as
#   const std::vector<vinculo::sql::Migration>& <NAMESPACE>::Migrations();
# declared in the generated header "<TARGET>_migrations.h".
function(vinculo_embed_sql target namespace)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target}_migrations)
  set(inputs)
  foreach(f ${ARGN})
    list(APPEND inputs ${CMAKE_CURRENT_SOURCE_DIR}/${f})
  endforeach()
  add_custom_command(OUTPUT ${out}.cc ${out}.h
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAMESPACE=${namespace} "-DINPUTS=${inputs}" -P ${CMAKE_SOURCE_DIR}/cmake/EmbedSqlScript.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/EmbedSqlScript.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out}.cc)
  target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
