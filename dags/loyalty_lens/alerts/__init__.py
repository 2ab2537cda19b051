"""What somebody should know now: to the log, by e-mail, to a webhook."""
