"""The disaster drill: what is gone is rebuilt with the commands of docs/disaster-recovery.md. `make drill`."""
