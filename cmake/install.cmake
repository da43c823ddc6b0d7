# make install: library, headers, command, man pages, completion, pkg-config file, CMake package; cpack: a .deb of them.
include(CMakePackageConfigHelpers)

install(TARGETS attojoule EXPORT attojouleTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/attojoule" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h")
if(TARGET aj)
  get_property(pages GLOBAL PROPERTY AJ_PAGES)
  get_property(completion GLOBAL PROPERTY AJ_COMPLETION)
  install(TARGETS aj RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${completion}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
endif()

# pkg-config attojoule, find_package(attojoule): attojoule::attojoule.  Both find their files from where they lie
# themselves, so that the .deb (under /usr) and a moved tree work as well.
file(RELATIVE_PATH AJ_PREFIX_FROM_PC "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
configure_file("${PROJECT_SOURCE_DIR}/cmake/attojoule.pc.in" "${PROJECT_BINARY_DIR}/attojoule.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/attojoule.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/attojoule")
install(EXPORT attojouleTargets NAMESPACE attojoule:: DESTINATION "${package_folder}" FILE attojouleConfig.cmake)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/attojouleConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/attojouleConfigVersion.cmake" DESTINATION "${package_folder}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME attojoule)
set(CPACK_PACKAGE_CONTACT "the attojoule authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox, dataset-fashion-mnist")
include(CPack)
