"""What people do about rejects and held batches, each act with its reason in `ops.audit_log`."""
