"""What is required of helpers: requirements in writing, meetings and leave, form tasks and forms."""
