"""Dead letters and parked steps, for a person: what stands there, what may be done, and doing it.

The command line (`dlq`) and the dashboard are two ways to the same acts.
"""
