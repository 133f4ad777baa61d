"""Models of dots: from a specification to atoms with regions and coordination."""
