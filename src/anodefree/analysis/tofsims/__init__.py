"""Secondary-ion mass spectrometry: depth profiles and how even a layer is."""
