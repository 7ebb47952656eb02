"""Kernels that Numba compiles: plain arrays in and out. Import them inside the function that calls them."""
