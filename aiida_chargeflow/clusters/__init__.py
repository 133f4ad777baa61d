"""What is known of each machine: nodes, partitions, limits, price; and the checks made from it."""
