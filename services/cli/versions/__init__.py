"""`onboarding journeys`: which versions are on their way, and whether other code knows them."""
