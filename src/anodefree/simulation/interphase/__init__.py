"""The interphase as a mixture of phases and as a barrier to electrons."""
