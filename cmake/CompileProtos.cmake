# vinculo_proto(NAME DIR DEPS ...): every .proto in protos/DIR becomes two libraries:
#   NAME       messages only (protobuf)
#   NAME_grpc  the generated gRPC stubs and callback services
# Each .proto also passes through the permission check: an RPC without (vinculo.options.v1.permission) does not build.
set(VINCULO_PROTO_ROOT ${CMAKE_SOURCE_DIR}/protos)
set(VINCULO_PROTO_OUT ${CMAKE_BINARY_DIR}/gen)

function(_vinculo_protoc_library name)
  cmake_parse_arguments(A "NO_PERMISSIONS" "ROOT" "PROTOS;DEPS" ${ARGN})
  set(messages)
  set(stubs)
  foreach(proto ${A_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(pb ${VINCULO_PROTO_OUT}/${stem}.pb.cc ${VINCULO_PROTO_OUT}/${stem}.pb.h)
    set(grpc ${VINCULO_PROTO_OUT}/${stem}.grpc.pb.cc ${VINCULO_PROTO_OUT}/${stem}.grpc.pb.h)
    set(check)
    set(check_dep)
    if(NOT A_NO_PERMISSIONS)
      set(check --plugin=protoc-gen-permissions=$<TARGET_FILE:protoc-gen-permissions> --permissions_out=${VINCULO_PROTO_OUT})
      set(check_dep protoc-gen-permissions)
    endif()
    add_custom_command(OUTPUT ${pb} ${grpc}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${VINCULO_PROTO_OUT}
      COMMAND protobuf::protoc -I ${A_ROOT} -I ${VINCULO_PROTO_ROOT} --cpp_out=${VINCULO_PROTO_OUT} --grpc_out=${VINCULO_PROTO_OUT}
              --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${check} ${A_ROOT}/${proto}
      DEPENDS ${A_ROOT}/${proto} ${check_dep} VERBATIM)
    list(APPEND messages ${pb})
    list(APPEND stubs ${grpc})
  endforeach()
  add_library(${name} STATIC ${messages})
  target_include_directories(${name} SYSTEM PUBLIC ${VINCULO_PROTO_OUT})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${A_DEPS})
  # Several generated sources make one compilation: their headers are most of the work. Two names that protoc 3.21 gives to
  # statics of every file are kept apart by the file's id.
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4 UNITY_BUILD_UNIQUE_ID VINCULO_UNIT_ID
    UNITY_BUILD_CODE_BEFORE_INCLUDE
    "#undef schemas\n#undef file_default_instances\n#define VINCULO_JOIN_(a, b) a##b\n#define VINCULO_JOIN(a, b) VINCULO_JOIN_(a, b)\n#define schemas VINCULO_JOIN(schemas_, VINCULO_UNIT_ID)\n#define file_default_instances VINCULO_JOIN(file_default_instances_, VINCULO_UNIT_ID)")
  set(grpc_deps)
  foreach(d ${A_DEPS})
    list(APPEND grpc_deps ${d}_grpc)
  endforeach()
  add_library(${name}_grpc STATIC ${stubs})
  target_link_libraries(${name}_grpc PUBLIC ${name} gRPC::grpc++ ${grpc_deps})
  set_target_properties(${name}_grpc PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
endfunction()

function(vinculo_proto name dir)
  cmake_parse_arguments(A "NO_PERMISSIONS" "" "DEPS" ${ARGN})
  file(GLOB protos RELATIVE ${VINCULO_PROTO_ROOT} CONFIGURE_DEPENDS ${VINCULO_PROTO_ROOT}/${dir}/*.proto)
  set(flag)
  if(A_NO_PERMISSIONS)
    set(flag NO_PERMISSIONS)
  endif()
  _vinculo_protoc_library(${name} ROOT ${VINCULO_PROTO_ROOT} PROTOS ${protos} DEPS ${A_DEPS} ${flag})
endfunction()
