"""Read and show: functions of tables and arrays; never sees a live model."""
