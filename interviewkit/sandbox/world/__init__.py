"""What any vendor's population is invented from: people, their programs, ids and lists, the same for the same seed."""
