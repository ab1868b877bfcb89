"""What is asked of the stored data: its records, one by one and in lists."""
