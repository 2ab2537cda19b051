"""What a run left, for people: figures by SQL, tables on a terminal."""
