"""A line's outcome is written once: it is no state that moves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rating", "0011_periods")]

    operations = [
        migrations.RemoveConstraint(model_name="rerateline", name="rerateline_state_known"),
        migrations.RenameField(model_name="rerateline", old_name="state", new_name="outcome"),
        migrations.AddConstraint(
            model_name="rerateline",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["previewed", "applied", "stale"])),
                name="rerateline_outcome_known",
            ),
        ),
    ]
