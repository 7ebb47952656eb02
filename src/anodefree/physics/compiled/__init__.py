"""The laws of physics as Numba compiles them: plain arrays in and out. Import them inside the function that calls them."""
