"""Submit, follow and steer runs."""
