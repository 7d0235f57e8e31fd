-- Who tested, when and with which files, of scans by people; as JSON.

ALTER TABLE scans ADD COLUMN manual {text};
