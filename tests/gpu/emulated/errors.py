"""What numba raises where the driver refuses, with either CUDA target."""

from numba.cuda.cudadrv.driver import CudaAPIError

try:
    from cuda.core._utils.cuda_utils import CUDAError
except ImportError:  # numba's own target
    CUDAError = CudaAPIError

REFUSALS = CudaAPIError, CUDAError
FAULT = "700|ILLEGAL_ADDRESS"
WRONG_PTX = "218|INVALID_PTX"
NO_MEMORY = "OUT_OF_MEMORY"
