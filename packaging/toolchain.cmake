# Read by CMake before it configures HDF5 for a package. HDF5 puts what it was built with into the library, also the
# version of the kernel, so that the same source would give another executable on another machine.
set(CMAKE_HOST_SYSTEM_VERSION "")
