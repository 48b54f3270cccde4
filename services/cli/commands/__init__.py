"""The commands with their options; each imports what does the work only when it is called."""
