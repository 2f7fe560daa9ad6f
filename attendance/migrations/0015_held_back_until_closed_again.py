from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('attendance', '0014_held_back'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='desk',
            name='desk_holds_back_closed',
        ),
        migrations.AddConstraint(
            model_name='desk',
            constraint=models.CheckConstraint(condition=models.Q(('held_back', []), ('closings__gt', 0), _connector='OR'), name='desk_holds_back_once_closed'),
        ),
    ]
