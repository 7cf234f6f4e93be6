"""Chat services on frameworks of other people, each with a few lines of a team's own: asked and piloted as a stranger's API."""
