from django.urls import URLPattern, URLResolver, path

from .views import comparing, differing, plan_steps, plans, season_wishes, wishes

app_name = "planning"

urlpatterns: list[URLPattern | URLResolver] = [
    path("wishes/", wishes.list_classes, name="wishes"),
    path("classes/<int:pk>/wishes/", wishes.edit, name="class_wishes"),
    path("seasons/<int:pk>/wishes/", season_wishes.show, name="season_wishes"),
    path("seasons/<int:pk>/wishes/print/", season_wishes.print_page, name="season_wishes_print"),
    path("seasons/<int:pk>/wishes.csv", season_wishes.export, name="season_wishes_file"),
    path("seasons/<int:pk>/demand.csv", season_wishes.export_demand, name="season_demand_file"),
    path("plans/", plans.list_plans, name="plans"),
    path("plans/new/", plans.new, name="plan_new"),
    path("plans/compare/", comparing.compare, name="plans_compare"),
    path("plans/compare/print/", comparing.print_comparison, name="plans_compare_print"),
    path("plans/compare/classes/", differing.list_classes, name="plans_differ"),
    path("plans/<int:pk>/", plans.show, name="plan"),
    path("plans/<int:pk>/classes/<int:class_pk>/", plans.show_class, name="plan_class"),
    path(
        "plans/<int:pk>/classes/<int:class_pk>/print/",
        plans.print_class,
        name="plan_class_print",
    ),
    path("plans/<int:pk>/print/", plans.print_plan, name="plan_print"),
    path("plans/<int:pk>/cancel/", plan_steps.cancel, name="plan_cancel"),
    path("plans/<int:pk>/drop/", plan_steps.drop, name="plan_drop"),
    path("plans/<int:pk>/publish/", plan_steps.publish, name="plan_publish"),
    path("plans/<int:pk>/undo/", plan_steps.undo, name="plan_undo"),
    path("plans/<int:pk>/replan/", plan_steps.replan, name="plan_replan"),
    path("plans/<int:pk>/changes/", plan_steps.changes, name="plan_changes"),
    path("plans/<int:pk>/changes/print/", plan_steps.print_changes, name="plan_changes_print"),
]
