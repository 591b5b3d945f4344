# find_package_or_python_package(NAME DISTRIBUTION CONFIG_FILE): looks for CMake package NAME on the system, then among the
# files of an installed Python distribution (in pip's isolated build these are not on CMake's search path).
macro(find_package_or_python_package name distribution config_file)
  find_package(${name} CONFIG QUIET)
  if(NOT ${name}_FOUND)
    find_package(Python QUIET COMPONENTS Interpreter)
    if(Python_Interpreter_FOUND)
      execute_process(
        COMMAND ${Python_EXECUTABLE} -c
                "import importlib.metadata as m; print(*[f.locate().parent.resolve() for f in m.files('${distribution}') or [] if f.name == '${config_file}'][:1], end='')"
        OUTPUT_VARIABLE ${name}_python_dir ERROR_QUIET)
      if(${name}_python_dir)
        find_package(${name} CONFIG QUIET HINTS ${${name}_python_dir})
      endif()
    endif()
  endif()
endmacro()
