# CUDA is found, never assumed: with nvcc there is a target fastpass_cuda, without it there is not.
if(NOT FASTPASS_CUDA)
  return()
endif()
include(CheckLanguage)
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  # Machine code for Ampere and Hopper, and PTX for what comes after.
  set(CMAKE_CUDA_ARCHITECTURES 80-real 90)
endif()
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "nvcc not found: the CUDA module is left out, everything else works")
  return()
endif()
enable_language(CUDA)
# CMake 3.25 sets a property of this target, which CUDA 13 no longer brings; nothing here uses it.
if(NOT TARGET CUDA::nvToolsExt)
  add_library(CUDA::nvToolsExt INTERFACE IMPORTED)
endif()
find_package(CUDAToolkit REQUIRED)

add_library(fastpass_cuda OBJECT augment/gpu/augment_cuda.cu common/gpu/device_cuda.cu
                                 curate/gpu/search_cuda.cu decode/gpu/decode_cuda.cu)
target_include_directories(fastpass_cuda PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(fastpass_cuda PUBLIC CUDA::cudart_static)
# No contraction of a * b + c: the CPU and the GPU then round alike.
target_compile_options(fastpass_cuda PRIVATE -fmad=false -Xptxas=-v)
