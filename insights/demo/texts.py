"""What the catalogue file does not say in full: composed from its fields, and true to them."""


def of_course(row: dict[str, str]) -> dict[str, str]:
    """Plan, materials, hazards, assessment and handbook of a course."""
    hours = int(row["class_hours"])
    occupation = row["occupation_zh"]
    safety = row["safety_note_zh"]
    helper = "教师和助教" if row["needs_assistant"] == "1" else "教师"
    online = row["mode"] == "online"
    practice = max(1, hours - 1)
    days = "两天，每天 7 学时" if hours == 14 else f"共 {hours} 学时，每学时 40 分钟"
    plan = "\n".join(
        [
            f"{days}。",
            f"1. 认识岗位：{occupation}做什么、在哪里工作，{helper}讲解并示范。",
            f"2. 动手体验（约 {practice} 学时）：{row['summary_zh']}",
            "3. 展示与互评：小组展示成果，说出一个做得好的地方和一个可以改进的地方。",
        ]
    )
    materials = (
        "能上网的电脑或平板，由学校准备；请提前 10 分钟进入课堂。"
        if online
        else "材料和工具由开课单位准备。请穿平底鞋，长发扎起，带饮水和胸牌。"
    )
    handbook = "\n".join(
        [
            f"《{row['title_zh']}》实践指导手册",
            "一、出发前：带队教师清点人数，讲清楚安全要求，带好学生名单。",
            f"二、到达后：在实训室门口扫胸牌签到，听{helper}讲安全须知。",
            f"三、体验中：{row['summary_zh']}",
            f"四、安全：{safety}",
            "五、结束前：整理工位，完成一句话收获，扫胸牌签退。",
        ]
    )
    return {
        "plan": plan,
        "materials": materials,
        "hazards": safety,
        "assessment": "过程表现、作品、合作各占三分之一，由学生自评、同伴互评和教师评价组成。",
        "handbook": handbook,
    }
