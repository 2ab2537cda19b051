"""What customers are told, each thing once: from marts.notification_outbox to a file."""
