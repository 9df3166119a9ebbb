"""What Django's models cannot say: how PostgreSQL is to keep these tables."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE mailstore_body AS bigint;

-- Bodies are stored as they are (compression costs more than it saves on mail), and up to a page they lie
-- in the row itself: a message of 4 KiB is one read, not a walk through the TOAST index.
ALTER TABLE mailstore_messagechunk ALTER COLUMN octets SET STORAGE EXTERNAL;
ALTER TABLE mailstore_messagechunk SET (toast_tuple_target = 8160);
ALTER TABLE mailstore_messagechunk
    ADD CONSTRAINT message_chunk_octets CHECK (sequence >= 0 AND octet_length(octets) BETWEEN 1 AND 262144);

-- Who is connected now is worth nothing after a crash.
ALTER TABLE mailstore_session SET UNLOGGED;
ALTER TABLE mailstore_process SET UNLOGGED;
ALTER TABLE mailstore_sincecrash SET UNLOGGED;

-- These rows live seconds or change all the time: vacuum by their size, not by a fifth of a large table.
ALTER TABLE mailstore_session SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
ALTER TABLE mailstore_process SET (fillfactor = 50);
ALTER TABLE mailstore_message SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE mailstore_messagechunk SET (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE mailboxes_usage SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE journal_pastsession SET (fillfactor = 70);
ALTER TABLE journal_attempt SET (fillfactor = 70);
"""

BACK = """
DROP SEQUENCE mailstore_body;
ALTER TABLE mailstore_messagechunk DROP CONSTRAINT message_chunk_octets;
"""


class Migration(migrations.Migration):
    dependencies = [("mailstore", "0001_initial"), ("mailboxes", "0001_initial"), ("journal", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
