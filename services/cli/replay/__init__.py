"""Replays: the projection rebuilt, a rehearsal of a deploy, records taken out and brought back."""
