"""The projection: where every saga stands, told from its events alone. It only listens."""
