"""What is done with cases: intake, assigning, facts; every record is looked up through the actor."""
