"""`onboarding capture`: a saga that was recorded becomes a test that plays it again in memory."""
