"""One file per dataset: its folders, labels, classes, licence and paper."""
