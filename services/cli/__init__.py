"""The command line `onboarding`: for integrators, operators and developers."""
