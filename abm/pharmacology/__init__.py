"""Doses and a patient in, enzyme activity over time out; knows no cell and no nutrient."""
