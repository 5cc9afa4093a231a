# The .deb: `make deb`. What is in it are the install rules of CMakeLists.txt and of this file; README.md says what is done with it.
install(FILES "${CMAKE_CURRENT_LIST_DIR}/raykeeper.service" DESTINATION lib/systemd/system COMPONENT service EXCLUDE_FROM_ALL)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/copyright" DESTINATION share/doc/raykeeper COMPONENT service EXCLUDE_FROM_ALL)
install(FILES config/samples/raycluster.yaml config/samples/raycluster-autoscaler.yaml config/samples/raycluster-full.yaml
  DESTINATION share/doc/raykeeper/examples COMPONENT service EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME raykeeper)
set(CPACK_PACKAGE_VENDOR raykeeper)
set(CPACK_PACKAGE_CONTACT "the raykeeper maintainers <maintainers@raykeeper.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "runs Ray clusters on Kubernetes")
set(CPACK_PACKAGE_DESCRIPTION "An operator for the kinds of ray.io/v1 and a drop-in for KubeRay's: it reads the same objects and
writes the same pods. This package is for running it outside of a cluster, with a
kubeconfig, and for its offline commands (render, explain, migrate).")
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime config manual service)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME raykeeper)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_LIST_DIR}/conffiles;${CMAKE_CURRENT_LIST_DIR}/postinst"
  "${CMAKE_CURRENT_LIST_DIR}/prerm" "${CMAKE_CURRENT_LIST_DIR}/postrm")
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_LIST_DIR}/finish.cmake")
include(CPack)
