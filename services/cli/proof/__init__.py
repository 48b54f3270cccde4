"""`onboarding prove`: every order of events of one saga, with the code that runs it."""
