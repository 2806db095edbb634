"""What is done with slots: looked up, held and asked for, decided by the facility, brought to their end."""
