"""What a figure shows of finished models."""
