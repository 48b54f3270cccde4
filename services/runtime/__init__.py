"""What all step services share: delivery, the step document, its store, the process."""
