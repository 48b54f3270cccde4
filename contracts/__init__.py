"""What the services say to each other: journeys, events, envelope, topics, step documents."""
