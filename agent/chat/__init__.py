"""Humans elsewhere than at this terminal: who may answer for money, and the faces they answer through."""
