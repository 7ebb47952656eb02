"""The pouch cell as a design: masses and energy."""
