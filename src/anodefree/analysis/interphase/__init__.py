"""What measured properties of an interphase say about its composition."""
