"""Empirical links between one quantity and the next, where no physics is known that would compute it."""
